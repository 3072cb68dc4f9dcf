/** How far two places are apart. */

/** WGS-84: the equator in metres, and the square of the eccentricity. */
const EQUATOR = 6_378_137;
const FLATTENING = 1 / 298.257223563;
const ECCENTRICITY = FLATTENING * (2 - FLATTENING);
const RADIANS = Math.PI / 180;

/** In degrees. */
export interface Coordinates {
  lat: number;
  lng: number;
}

/**
 * Pythagoras on the ellipsoid, by its radii of curvature between the two places (47 CFR 73.208): right to a ten-thousandth
 * for places that are less than a hundred kilometres apart, where a sphere is wrong by five thousandths. Places that are
 * farther apart are far apart.
 * @param from a place
 * @param to another one; both in WGS-84, as distances on GCJ-02's map are up to six metres in a thousand off
 * @returns metres
 */
export function distanceBetween(from: Coordinates, to: Coordinates): number {
  const middle = ((from.lat + to.lat) / 2) * RADIANS;
  const bend = 1 - ECCENTRICITY * Math.sin(middle) ** 2;
  const north = (to.lat - from.lat) * RADIANS * ((EQUATOR * (1 - ECCENTRICITY)) / bend ** 1.5);
  // Across the date line the other way round is shorter.
  const degrees = Math.abs(to.lng - from.lng);
  const east = Math.min(degrees, 360 - degrees) * RADIANS * Math.cos(middle) * (EQUATOR / Math.sqrt(bend));
  return Math.hypot(north, east);
}
