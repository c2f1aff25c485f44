// What not every conversation needs, brought in when one does: forms, cards, files, the menu, a rating.

import "./more-icons";
import css from "./extras.css?inline";

export { Custom } from "./custom-view";
export { Files } from "./files";
export { Menu } from "./menu";
export { Prechat } from "./prechat";
export { watchRules } from "./proactive";
export { Rating } from "./rating";
export { chime } from "./sound";
export { Teaser } from "./teaser";
export { Tray } from "./tray";
export { TrayView } from "./tray-view";
export { Viewer } from "./viewer";
export { css };
