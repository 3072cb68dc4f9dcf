/** The smallest pictures that are whole, made here. */

const HEADER = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffc0001108004000400301220002110103110100',
  'hex',
);

/**
 * @param bytes how many it is to have, at least 96
 * @returns a JPG of 64 by 64 dots whose dots are no picture
 */
export function jpg(bytes = 512): Buffer {
  const dots = Buffer.alloc(bytes - HEADER.length - 2);
  // Every value of base64, and no marker.
  for (let index = 0; index < dots.length; index++) dots[index] = (251 + index * 37) % 255;
  return Buffer.concat([HEADER, dots, Buffer.from([0xff, 0xd9])]);
}

/** A PNG of one dot. */
export const PNG = Buffer.from(
  '89504e470d0a1a0a0000000d4948445200000001000000010800000000' +
    '3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082',
  'hex',
);

/** A BMP of one dot. */
export const BMP = Buffer.from(
  `424d3a000000000000003600000028000000${'01000000'.repeat(2)}01001800${'00000000'.repeat(6)}ffffff00`,
  'hex',
);
