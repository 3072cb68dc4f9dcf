/** Objects that are sent as JSON or as a form: docs/contract.md, "Action nodes", `provider-request`. */
import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { VerifyError } from '../contract/errors';
import { isObject, parseJson } from '../http/json';
import { textInBytes } from './text';

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** A photo of 20 MB in base64, and some more. Nothing else runs while it is written: a quarter of a second for so much. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Of a Buffer that is a list of numbers, which nothing interrupts: 30 ms for so many. */
const MOST_LISTED = 8 * 1024 * 1024;
/** As in answers: src/http/json.ts. */
const MOST_LEVELS = 100;
const MOST_VALUES = 50_000;
/** Of a form's field: it stands in quotation marks there. */
const FORM_NAME = /^[^\s"\\\p{Cc}]{1,128}$/u;

/**
 * Reads an object. A text or a Buffer is read as its JSON; bytes inside become base64 and a BigInt its digits, which is
 * all that they can mean in JSON.
 * @param value as a message has it
 * @param field name of the node's property
 * @param repaired gets the field's name where something was changed
 * @returns a copy that is plain JSON, with its integers exact
 * @throws VerifyError INPUT
 */
export function readJsonObject(value: unknown, field: string, repaired: Set<string>): JsonObject {
  const given = textInBytes(value, MOST_BYTES);
  if (given === undefined || given === null || given === '')
    throw new VerifyError('INPUT', 'object-missing', { field });
  const object = typeof given === 'string' ? parsed(given, field) : given;
  if (!isObject(object) || !isPlain(object)) throw new VerifyError('INPUT', 'not-an-object', { field });
  const reading = { field, repaired, values: 0, bytes: 0 };
  return copyObject(object, reading, 1);
}

/**
 * @param value of an object that may be left out
 * @param field name of the node's property
 * @param repaired as for `readJsonObject`
 * @returns an empty object where there is none
 * @throws VerifyError INPUT
 */
export function readOptionalObject(value: unknown, field: string, repaired: Set<string>): JsonObject {
  const isMissing = value === undefined || value === null || value === '';
  return isMissing ? {} : readJsonObject(value, field, repaired);
}

/**
 * @param object of `readJsonObject`
 * @param field name of the node's property
 * @returns its values as the texts of a form or a query
 * @throws VerifyError INPUT where one is an object or a list, or its name cannot stand in a form; null is left out
 */
export function formFields(object: JsonObject, field: string): Record<string, string> {
  const texts = Object.entries(object)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      if (typeof value === 'object' || !FORM_NAME.test(name))
        throw new VerifyError('INPUT', 'not-a-form-field', { field });
      return [name, String(value)] as const;
    });
  return Object.fromEntries(texts);
}

/**
 * @param object that somebody filled in
 * @param field name of the node's property
 * @param names that the node fills in itself
 * @throws VerifyError INPUT where it has one of them
 */
export function refuseNames(object: JsonObject, field: string, names: readonly string[]): void {
  const name = names.find((each) => Object.hasOwn(object, each));
  if (name !== undefined) throw new VerifyError('INPUT', 'name-reserved', { field, name });
}

/** @returns the same short text for the same object, in whatever order its properties are */
export function jsonDigest(value: Json): string {
  const canonical = JSON.stringify(value, (_name, each: unknown) =>
    isObject(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
  return createHash('sha256').update(canonical).digest('base64url');
}

interface Reading {
  field: string;
  repaired: Set<string>;
  values: number;
  bytes: number;
}

function parsed(text: string, field: string): unknown {
  if (text.length > MOST_BYTES) throw new VerifyError('INPUT', 'object-too-large', { field });
  try {
    return parseJson(text);
  } catch {
    throw new VerifyError('INPUT', 'not-an-object', { field });
  }
}

function copy(value: unknown, reading: Reading, level: number): Json {
  const { field, repaired } = reading;
  if (++reading.values > MOST_VALUES || level > MOST_LEVELS)
    throw new VerifyError('INPUT', 'object-too-large', { field });
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return counted(value, reading);
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    if (!isExact) throw new VerifyError('INPUT', 'number-inexact', { field });
    return value;
  }
  const bytes = bytesIn(value, field);
  if (typeof value === 'bigint' || bytes) {
    repaired.add(field);
    return counted(bytes ? bytes.toString('base64') : String(value), reading);
  }
  if (Array.isArray(value)) {
    // A list may have gaps, and say that it has four thousand million values.
    if (value.length > MOST_VALUES) throw new VerifyError('INPUT', 'object-too-large', { field });
    return value.map((each: unknown) => copy(each, reading, level + 1));
  }
  if (isObject(value) && isPlain(value)) return copyObject(value, reading, level + 1);
  throw new VerifyError('INPUT', 'not-json', { field });
}

function copyObject(object: Record<string, unknown>, reading: Reading, level: number): JsonObject {
  const entries = Object.entries(object)
    // As JSON has it.
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [counted(name, reading), copy(value, reading, level)] as const);
  return Object.fromEntries(entries);
}

function counted(text: string, reading: Reading): string {
  const { field } = reading;
  reading.bytes += Buffer.byteLength(text);
  if (reading.bytes > MOST_BYTES) throw new VerifyError('INPUT', 'object-too-large', { field });
  if (!isSound(text)) throw new VerifyError('INPUT', 'text-damaged', { field });
  return text;
}

/** No half of a pair, and nothing that a wrong decoder left. */
function isSound(text: string): boolean {
  return text.isWellFormed() && !text.includes('\ufffd');
}

/** A Buffer that went through JSON on its way is one as well. */
function bytesIn(value: unknown, field: string): Buffer | null {
  if (types.isUint8Array(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const isBuffer = isObject(value) && value.type === 'Buffer' && Array.isArray(value.data);
  if (!isBuffer) return null;
  const listed = value.data as number[];
  if (listed.length > MOST_LISTED) throw new VerifyError('INPUT', 'object-too-large', { field });
  return Buffer.from(listed);
}

/** Not a Date, a Map or an object that writes itself as something else; a function node's objects are of another realm. */
function isPlain(value: Record<string, unknown>): boolean {
  return Object.prototype.toString.call(value) === '[object Object]' && typeof value.toJSON !== 'function';
}
