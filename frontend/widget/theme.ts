// The owner's colour on the panel: what stands on it and what is written in it can be read, light and dark.

import { hex, mix, readableOn, rgb, textOn, type Rgb } from "../core/color";
import type { Site } from "../core/types";

const PLAIN: Rgb = [47, 84, 235];
const LIGHT: Rgb = [255, 255, 255];
const SOFT_LIGHT: Rgb = [241, 243, 248];
const DARK: Rgb = [20, 22, 29];
const SOFT_DARK: Rgb = [35, 39, 51];
const SHADE = 0.16;

export function isDark(element: HTMLElement, prefersDark: boolean): boolean {
  const theme = element.getAttribute("theme");
  return theme === "dark" || (theme !== "light" && prefersDark);
}

export function paint(element: HTMLElement, { theme }: Site, isDark: boolean): void {
  const color = colorOf(element, theme, isDark);
  const on = textOn(color);
  const away: Rgb = on[0] === 255 ? [0, 0, 0] : LIGHT;
  const colors: Record<string, Rgb> = {
    "--_accent": color,
    "--_on-accent": on,
    "--_accent-deep": mix(color, away, SHADE),
    "--_accent-ink": readableOn(isDark ? DARK : LIGHT, color),
    "--_accent-soft-ink": readableOn(isDark ? SOFT_DARK : SOFT_LIGHT, color),
  };
  for (const [name, value] of Object.entries(colors)) element.style.setProperty(name, hex(value));
  const { position } = theme;
  if (position && !element.hasAttribute("position")) element.setAttribute("position", position);
  if (theme.launcher === "none" && !element.hasAttribute("launcher")) element.setAttribute("launcher", "none");
}

/** The page's own word comes before the site's settings: an attribute, then a custom property. */
function colorOf(element: HTMLElement, theme: Site["theme"], isDark: boolean): Rgb {
  const style = getComputedStyle(element);
  const light = [element.getAttribute("color"), style.getPropertyValue("--relevo-color"), theme.color];
  const dark = [element.getAttribute("color-dark"), style.getPropertyValue("--relevo-color-dark"), theme.color_dark];
  const probe = document.createElement("i"); // whatever way a colour is written in, the browser knows it
  element.shadowRoot?.append(probe);
  let found: Rgb | undefined;
  for (const written of isDark ? [...dark, ...light] : light) {
    if (!written || !CSS.supports("color", written)) continue;
    probe.style.color = written;
    found ??= rgb(getComputedStyle(probe).color);
  }
  probe.remove();
  return found ?? PLAIN;
}
