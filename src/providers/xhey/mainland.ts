/**
 * Where the mainland of China ends, near enough to separate its border towns from their neighbours: corners of four lines,
 * each a longitude and a latitude in degrees (WGS-84). A place is inside when it is within an odd number of them.
 * Source: Natural Earth 1:10m (public domain), simplified: to less than a kilometre at towns, to 20 km where nobody lives;
 * moved by hand where a town was on the wrong side. Drawn for this one question, and for no other.
 */
const LINES: readonly (readonly number[])[] = [
  [
    // along the land border, west from the Beilun and north round to the Yalu
    108.06, 21.52, 108.03, 21.547, 107.965, 21.538, 107.81, 21.668, 107.21, 21.55, 106.93, 22.02, 106.69,
    21.97, 106.52, 22.36, 106.74, 22.81, 105.82, 22.95, 105.45, 23.3, 104.91, 23.25, 104.84, 22.97, 104.36,
    22.66, 104.16, 22.88, 103.95, 22.49, 103.93, 22.54, 103.35, 22.76, 102.99, 22.54, 102.93, 22.73, 101.6,
    22.38, 101.71, 21.18, 101.28, 21.26, 101.29, 21.62, 100.12, 21.53, 99.9, 21.94, 99.17, 22.1, 99.52, 23.13,
    98.89, 23.02, 98.75, 24.07, 98.31, 24.22, 97.61, 23.81, 97.76, 24.17, 97.4, 24.57, 98.59, 25.9, 98.84,
    27.44, 98.49, 27.56, 97.71, 28.66, 97.57, 28.42, 96.76, 28.29, 96.24, 29.21, 94.77, 29.21, 93.73, 28.9,
    92.36, 27.71, 89.95, 28.39, 88.86, 27.38, 88.98, 28.05, 87.12, 27.8, 86.87, 28.07, 86.4, 27.87, 86.23,
    28.07, 86, 27.89, 85.85, 28.39, 85.34, 28.27, 84.46, 28.94, 82.43, 29.79, 81.74, 30.54, 81.36, 30.06,
    78.84, 31.4, 78.35, 32.42, 79.52, 32.6, 78.98, 33.52, 78.8, 34.25, 77.94, 35.4, 76.06, 35.85, 76.13,
    36.56, 74.54, 37.18, 75.07, 37.15, 74.91, 38.29, 73.61, 38.76, 74.03, 40.06, 75.44, 40.54, 75.75, 40.14,
    76.96, 40.91, 77.08, 40.86, 80.07, 41.91, 80.08, 42.62, 80.97, 43.21, 80.25, 44, 80.54, 44.41, 80.04,
    44.95, 80.55, 45.27, 82.57, 45.12, 82.3, 46.07, 83.15, 47.08, 85.5, 46.9, 85.69, 48.39, 85.87, 48.35,
    87.52, 49.26, 88.72, 47.96, 89.32, 48.19, 91.04, 46.97, 90.58, 45.27, 91.8, 45.21, 95.05, 44.41, 96.46,
    42.61, 99.9, 42.74, 104.74, 41.65, 106.97, 42.47, 108.94, 42.27, 111.96, 43.68, 111.47, 44.06, 111.75,
    45.16, 112.88, 44.68, 115.38, 45.48, 117.43, 46.6, 120.09, 46.62, 118.72, 48.07, 117.75, 47.82, 115.54,
    47.76, 116.82, 49.83, 117.69, 49.51, 119.39, 50.03, 119.07, 50.56, 120.78, 52.21, 120.21, 52.72, 120.33,
    53.13, 122.37, 53.49, 122.37, 53.45, 123.31, 53.65, 126.07, 52.79, 126.71, 51.88, 126.63, 51.57, 127.4,
    50.47, 127.32, 50.35, 127.54, 50.25, 127.51, 49.79, 128.14, 49.5, 128.62, 49.63, 128.89, 49.38, 129.52,
    49.44, 129.52, 49.4, 129.98, 48.99, 130.65, 48.86, 130.51, 48.58, 130.87, 47.7, 132.34, 47.58, 132.82,
    48.16, 134.59, 48.41, 134.93, 47.71, 133.87, 46.97, 134.11, 46.73, 133.1, 44.96, 131.97, 45.26, 131.05,
    44.9, 131.42, 43.29, 130.45, 42.72, 130.61, 42.68, 130.6, 42.39, 130.53, 42.42, 130.55, 42.56, 130.3,
    42.61, 130.24, 42.94, 129.9, 42.99, 129.81, 42.93, 129.74, 42.44, 129.13, 42.41, 129.26, 42.29, 128.99,
    42.08, 128.13, 42.17, 128.23, 41.4, 127.89, 41.44, 127.8, 41.41, 127.23, 41.52, 127.03, 41.76, 126.86,
    41.8, 126.89, 41.73, 126.65, 41.71, 126.55, 41.38, 126.18, 41.11, 126.06, 40.94, 124.98, 40.51, 124.395,
    40.112, 124.362, 40.03, 124.34, 39.98, 124.25, 39.92,
    // out at sea, so that every island is inside: the Yellow Sea and the East China Sea
    124.17, 39.81, 123.4, 38.4, 123.4, 30.3, 122.6, 28.6, 121.4, 27.1,
    // between the islands that belong to Fujian's coast and those that do not
    120.9, 26.75, 120.15, 26.42, 119.93, 26.295, 119.78, 26.13, 119.83, 25.9, 120.05, 25.6, 119.95, 25.2,
    119.45, 25.1, 119.28, 24.95, 118.75, 24.5, 118.56, 24.47, 118.47, 24.55, 118.4, 24.537, 118.33, 24.53,
    118.25, 24.49, 118.207, 24.45, 118.15, 24.41, 118.15, 24.37,
    // the South China Sea, round Hainan and back
    118.3, 24.2, 117.8, 23.1, 116.3, 22.4, 115.5, 21.6, 111.8, 19.8, 110.8, 18.2, 109.5, 17.8, 108.4, 18.6,
    108.3, 20.8, 108.1, 21.46,
  ],
  // Hong Kong and its waters
  [
    113.87, 22.43, 113.958, 22.479, 114.028, 22.503, 114.067, 22.517, 114.08, 22.523, 114.092, 22.534,
    114.112, 22.5303, 114.128, 22.539, 114.143, 22.543, 114.154, 22.554, 114.18, 22.556, 114.227, 22.5485,
    114.275, 22.559, 114.32, 22.563, 114.42, 22.575, 114.455, 22.55, 114.455, 22.47, 114.502, 22.36, 114.502,
    22.148, 113.83, 22.148, 113.83, 22.22, 113.869, 22.34,
  ],
  // Macao and its waters
  [
    113.5348, 22.2125, 113.549, 22.2158, 113.557, 22.2135, 113.571, 22.209, 113.6, 22.209, 113.62, 22.08,
    113.55, 22.09, 113.5475, 22.1215, 113.541, 22.1225, 113.541, 22.1365, 113.547, 22.1375, 113.5465, 22.16,
    113.532, 22.172, 113.5285, 22.185, 113.534, 22.2,
  ],
  // Sansha, in the South China Sea
  [111, 15.7, 113, 15.7, 113, 17.2, 111, 17.2],
];

const LATITUDES = LINES.flatMap((line) => line.filter((_, index) => index % 2 === 1));
const LONGITUDES = LINES.flatMap((line) => line.filter((_, index) => index % 2 === 0));
const [SOUTH, NORTH] = [Math.min(...LATITUDES), Math.max(...LATITUDES)];
const [WEST, EAST] = [Math.min(...LONGITUDES), Math.max(...LONGITUDES)];

/**
 * Whether a place is in mainland China, where GCJ-02 is what maps use. Hong Kong, Macao and Taiwan are outside.
 * Right to a kilometre at towns; elsewhere a place near a border may be taken for one across it.
 * @param lat latitude in degrees, WGS-84
 * @param lng longitude in degrees, WGS-84
 */
export function isInMainlandChina(lat: number, lng: number): boolean {
  if (!(lat > SOUTH && lat < NORTH && lng > WEST && lng < EAST)) return false;
  return LINES.filter((line) => encloses(line, lat, lng)).length % 2 === 1;
}

/** Whether a ray to the east crosses an odd number of the line's sides. */
function encloses(line: readonly number[], lat: number, lng: number): boolean {
  let inside = false;
  let [fromLng, fromLat] = [line.at(-2)!, line.at(-1)!];
  for (let index = 0; index < line.length; index += 2) {
    const [toLng, toLat] = [line[index]!, line[index + 1]!];
    const crosses = fromLat > lat !== toLat > lat;
    const crossing = fromLng + ((toLng - fromLng) * (lat - fromLat)) / (toLat - fromLat);
    if (crosses && lng < crossing) inside = !inside;
    [fromLng, fromLat] = [toLng, toLat];
  }
  return inside;
}
