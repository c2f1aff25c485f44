// Drawings of what is brought in when it is needed.

import { learn } from "./icon";

const PATHS = {
  sound: "M11 5 6 9H3v6h3l5 4zM15.5 8.5a5 5 0 0 1 0 7M18.5 5.5a9 9 0 0 1 0 13",
  silent: "M11 5 6 9H3v6h3l5 4zM16 9l5 6M21 9l-5 6",
  save: "M12 4v11M7 11l5 5 5-5M4 20h16",
  mail: "M3 6h18v12H3zM3 7l9 6 9-6",
  end: "M9 4H5v16h4M15 8l4 4-4 4M19 12H9",
  anew: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5",
  star: "m12 3.5 2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z",
  previous: "M15 6l-6 6 6 6",
} as const;

export type MoreIconName = keyof typeof PATHS;

learn(PATHS);
