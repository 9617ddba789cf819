/** The release that this code is; a test holds it equal to package.json, which the edge may not import. */
export const VERSION = "0.1.0";
