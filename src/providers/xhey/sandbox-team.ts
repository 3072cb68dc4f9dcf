/**
 * A made-up team behind the paths that docs/providers/xhey.md names beside the verification. The provider documents the
 * limits, in its table of codes, and not the fields: those here are the ones that public clients read.
 */
import type { SandboxAnswer, SandboxWorld } from '../../contract/sandbox-half';
import { refused, success } from './sandbox-answer';

const MINUTE_S = 60;
const DAY_S = 86_400;
/** Another photo each ten minutes; the twelve latest are there. */
const EVERY_S = 10 * MINUTE_S;
const PHOTOS = 12;

const MOST_RECORDS = 1000;
const MOST_PEOPLE = 1000;
const MOST_DAYS = 180;
const MOST_KEYWORDS = 3;
const MOST_CHARACTERS = 15;

const PEOPLE = [
  { userID: '1001', userName: '测试员甲', departmentID: 2 },
  { userID: '1002', userName: '测试员乙', departmentID: 2 },
  { userID: '1003', userName: '测试员丙', departmentID: 3 },
];
const DEPARTMENTS = [
  { departmentID: 2, name: '施工一队', parentID: 1 },
  { departmentID: 3, name: '施工二队', parentID: 1 },
];
const CONTENTS = ['施工进度', '安全巡检', '材料进场'];

type Body = Record<string, unknown>;

/** `/v2/department/sublist`: what is below a department, with its people. */
export function sublist({ departmentID }: Body, world: SandboxWorld): SandboxAnswer {
  if (!Number.isInteger(departmentID))
    return refused(world, 400, { en: 'departmentID is an integer.', zh: 'departmentID 须为整数。' });
  const list = DEPARTMENTS.filter(({ parentID }) => parentID === departmentID).map((department) => ({
    ...department,
    users: PEOPLE.filter((person) => person.departmentID === department.departmentID),
  }));
  return success(world, { data: { list } });
}

/** `/v2/group/photo` and `/v2/group/photo/search`: the team's photos, the latest first. */
export function teamPhotos(body: Body, world: SandboxWorld): SandboxAnswer {
  const refusal = refuse(body, world);
  if (refusal) return refusal;
  const { startTime, endTime, pageSize = 100, pageNo = 1 } = body as Record<string, number>;
  const users = textsIn(body.userIds);
  const keywords = textsIn(body.watermarkContent);
  const found = latestPhotos(world.now()).filter(
    ({ time, userID, watermarkContent }) =>
      time >= startTime! &&
      time <= endTime! &&
      (users.length === 0 || users.includes(userID)) &&
      (keywords.length === 0 || keywords.some((keyword) => watermarkContent.includes(keyword))),
  );
  const list = found.slice((pageNo - 1) * pageSize, pageNo * pageSize);
  return success(world, { data: { list, total: found.length } });
}

/** A photo keeps its id and its address: who remembers the last one sees only newer ones. */
function latestPhotos(now: number) {
  const latest = Math.floor(now / 1000 / EVERY_S);
  return Array.from({ length: PHOTOS }, (_, index) => {
    const number = latest - index;
    // Every fourth was not taken with the camera.
    const folder = number % 4 === 0 ? 'sandbox/-2305/' : '';
    const { userID, userName } = PEOPLE[number % PEOPLE.length]!;
    return {
      photoId: String(number),
      userID,
      userName,
      time: number * EVERY_S,
      watermarkContent: CONTENTS[number % CONTENTS.length]!,
      mediaUrl: `https://photos.example.com/team/${folder}${number}.jpg`,
    };
  });
}

/** docs/providers/xhey.md, "Codes". */
function refuse(body: Body, world: SandboxWorld): SandboxAnswer | null {
  const { startTime, endTime, pageSize = 100, pageNo = 1 } = body;
  if (!isSeconds(startTime) || !isSeconds(endTime) || startTime > endTime)
    return refused(world, 4009, {
      en: 'startTime and endTime are Unix time in seconds, as numbers, and startTime is not the later one.',
      zh: 'startTime 和 endTime 须为秒级 Unix 时间戳（数字），且 startTime 不晚于 endTime。',
    });
  if (endTime - startTime > MOST_DAYS * DAY_S)
    return refused(world, 4010, {
      en: `From startTime to endTime there are at most ${MOST_DAYS} days.`,
      zh: `startTime 到 endTime 最多 ${MOST_DAYS} 天。`,
    });
  if (!isCount(pageSize) || !isCount(pageNo))
    return refused(world, 400, {
      en: 'pageSize and pageNo are integers from 1.',
      zh: 'pageSize 和 pageNo 须为从 1 开始的整数。',
    });
  if (pageSize > MOST_RECORDS)
    return refused(world, 2001, {
      en: `pageSize is at most ${MOST_RECORDS}.`,
      zh: `pageSize 最大为 ${MOST_RECORDS}。`,
    });
  if (textsIn(body.userIds).length > MOST_PEOPLE)
    return refused(world, 4008, {
      en: `userIds has at most ${MOST_PEOPLE} ids.`,
      zh: `userIds 最多包含 ${MOST_PEOPLE} 个 ID。`,
    });
  const keywords = textsIn(body.watermarkContent);
  if (keywords.length > MOST_KEYWORDS)
    return refused(world, 4011, {
      en: `watermarkContent has at most ${MOST_KEYWORDS} keywords.`,
      zh: `watermarkContent 最多包含 ${MOST_KEYWORDS} 个关键词。`,
    });
  if (keywords.some((keyword) => [...keyword].length > MOST_CHARACTERS))
    return refused(world, 4012, {
      en: `A keyword has at most ${MOST_CHARACTERS} characters.`,
      zh: `每个关键词最多 ${MOST_CHARACTERS} 个字符。`,
    });
  return null;
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function isSeconds(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1e11;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}
