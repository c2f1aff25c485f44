// The owner's colour, made safe: text on it and with it can be read by everybody (WCAG 2.2, 1.4.3 and 1.4.11).

export type Rgb = readonly [number, number, number];

const READABLE = 4.5;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [16, 20, 34];

/** Read a colour as browsers compute it; undefined where it is in no space that we know. */
export function rgb(written: string): Rgb | undefined {
  const parts = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(written.trim());
  return parts ? [Number(parts[1]), Number(parts[2]), Number(parts[3])] : undefined;
}

export function hex(color: Rgb): string {
  return `#${color.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Give the text colour that is read best on this one, white where it will do. */
export function textOn(color: Rgb): Rgb {
  return contrast(WHITE, color) >= READABLE || contrast(WHITE, color) >= contrast(BLACK, color) ? WHITE : BLACK;
}

/** Give this colour, moved away from a surface no further than it takes to be read on it. */
export function readableOn(surface: Rgb, color: Rgb): Rgb {
  const away: Rgb = luminance(surface) > 0.4 ? [0, 0, 0] : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const moved = mix(color, away, share);
    if (contrast(moved, surface) >= READABLE) return moved;
  }
  return away;
}

export function mix(color: Rgb, other: Rgb, share: number): Rgb {
  return color.map((part, index) => part + ((other[index] ?? 0) - part) * share) as unknown as Rgb;
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
