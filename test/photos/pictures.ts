/** Photos made by sharp, as they would come from a camera. */
import sharp from 'sharp';

/**
 * @param width in dots
 * @param height in dots
 * @returns something with large shapes and fine grain, which becomes about as large as a photo
 */
export async function photo(width: number, height: number): Promise<Buffer> {
  const shapes = await noise(Math.ceil(width / 16), Math.ceil(height / 16), 60)
    .blur(3)
    .normalise()
    .png()
    .toBuffer();
  const grain = await noise(width, height, 10).blur(0.8).png({ compressionLevel: 1 }).toBuffer();
  const large = await sharp(shapes)
    .resize(width, height, { fit: 'fill' })
    .png({ compressionLevel: 1 })
    .toBuffer();
  return sharp(large)
    .composite([{ input: grain, blend: 'soft-light' }])
    .removeAlpha()
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** The same dots every time, so that what is made of them is as large every time. */
function noise(width: number, height: number, sigma: number): sharp.Sharp {
  const dots = Buffer.alloc(width * height * 3);
  const widest = sigma * Math.sqrt(3);
  let seed = width;
  for (let index = 0; index < dots.length; index++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    dots[index] = Math.min(255, Math.max(0, 128 + widest * (seed / 2 ** 31 - 1)));
  }
  return sharp(dots, { raw: { width, height, channels: 3 } });
}

/**
 * @param scale 1 for 120 by 80 dots
 * @returns four quarters: red and green above, blue and white below
 */
export async function quarters(scale = 1): Promise<sharp.Sharp> {
  const [width, height] = [60 * scale, 40 * scale];
  const quarter = (background: string, left: number, top: number) => ({
    input: { create: { width, height, channels: 3 as const, background } },
    left,
    top,
  });
  const made = await sharp({
    create: { width: 2 * width, height: 2 * height, channels: 3, background: 'white' },
  })
    .composite([quarter('red', 0, 0), quarter('lime', width, 0), quarter('blue', 0, height)])
    .removeAlpha()
    .png()
    .toBuffer();
  return sharp(made);
}

/**
 * @param bytes of a picture
 * @param left of a dot, as a part of the width
 * @param top of a dot, as a part of the height
 * @returns what colour it is there
 */
export async function colourAt(bytes: Buffer, left: number, top: number): Promise<string> {
  const { data, info } = await sharp(bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor(info.height * top) * info.width + Math.floor(info.width * left)) * info.channels;
  const colour = [...data.subarray(at, at + 3)].map((value) => (value > 200 ? 'f' : value < 55 ? '0' : '8'));
  return (
    { f00: 'red', '0f0': 'green', '00f': 'blue', fff: 'white', '000': 'black' }[colour.join('')] ?? 'other'
  );
}

/**
 * @param colour of all its dots
 * @param width in dots
 * @param height in dots
 */
export function plain(colour: string, width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .png()
    .toBuffer();
}
