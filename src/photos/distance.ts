/** How far two places are apart. */

/** WGS-84, in metres. */
const EQUATOR = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const POLE = EQUATOR * (1 - FLATTENING);
/** Radians; less than a tenth of a millimetre on the ground. */
const PRECISE = 1e-12;
const MOST_STEPS = 100;

/** In degrees. */
export interface Place {
  lat: number;
  lng: number;
}

/**
 * Vincenty's inverse formula (Survey Review XXIII, 176, 1975): right to a millimetre on the ellipsoid, where a sphere is
 * wrong by five metres in a thousand.
 * @param from a place
 * @param to another one; both in WGS-84, as distances on GCJ-02's map are up to six metres in a thousand off
 * @returns metres; half the way round the earth for places opposite each other, for which it does not converge
 */
export function distanceBetween(from: Place, to: Place): number {
  const radians = Math.PI / 180;
  const length = (to.lng - from.lng) * radians;
  const reduced = ({ lat }: Place) => Math.atan((1 - FLATTENING) * Math.tan(lat * radians));
  const [sinA, cosA] = [Math.sin(reduced(from)), Math.cos(reduced(from))];
  const [sinB, cosB] = [Math.sin(reduced(to)), Math.cos(reduced(to))];

  let lambda = length;
  for (let step = 0; step < MOST_STEPS; step++) {
    const [sinL, cosL] = [Math.sin(lambda), Math.cos(lambda)];
    const sinSigma = Math.hypot(cosB * sinL, cosA * sinB - sinA * cosB * cosL);
    if (sinSigma === 0) return 0;
    const cosSigma = sinA * sinB + cosA * cosB * cosL;
    const sigma = Math.atan2(sinSigma, cosSigma);
    const sinAlpha = (cosA * cosB * sinL) / sinSigma;
    const cosSquare = 1 - sinAlpha ** 2;
    // On the equator there is no other latitude in the middle.
    const cosMiddle = cosSquare === 0 ? 0 : cosSigma - (2 * sinA * sinB) / cosSquare;
    const c = (FLATTENING / 16) * cosSquare * (4 + FLATTENING * (4 - 3 * cosSquare));
    const bend = cosMiddle + c * cosSigma * (2 * cosMiddle ** 2 - 1);
    const next = length + (1 - c) * FLATTENING * sinAlpha * (sigma + c * sinSigma * bend);
    if (Math.abs(next - lambda) < PRECISE) return arc(sigma, sinSigma, cosSigma, cosMiddle, cosSquare);
    lambda = next;
  }
  return Math.PI * POLE;
}

function arc(
  sigma: number,
  sinSigma: number,
  cosSigma: number,
  cosMiddle: number,
  cosSquare: number,
): number {
  const u = (cosSquare * (EQUATOR ** 2 - POLE ** 2)) / POLE ** 2;
  const a = 1 + (u / 16384) * (4096 + u * (-768 + u * (320 - 175 * u)));
  const b = (u / 1024) * (256 + u * (-128 + u * (74 - 47 * u)));
  const square = cosMiddle ** 2;
  const inner =
    cosSigma * (2 * square - 1) - (b / 6) * cosMiddle * (4 * sinSigma ** 2 - 3) * (4 * square - 3);
  return POLE * a * (sigma - b * sinSigma * (cosMiddle + (b / 4) * inner));
}
