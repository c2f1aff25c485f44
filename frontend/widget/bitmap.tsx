// Pictures drawn on a canvas: so a page's policy needs no exception for pictures that are fetched with a token.

import { live, useEffect, useRef, useState } from "./hooks";

interface Bitmap {
  /** Gives the picture; asked once. */
  load: () => Promise<Blob>;
  label?: string;
  width: number;
  height: number;
  /** Whether the canvas becomes as large as the picture. */
  isWhole?: boolean;
  onFail?: (error: unknown) => void;
}

export const Bitmap = live(({ load, label, width, height, isWhole = false, onFail }: Bitmap) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isLoaded, setLoaded] = useState(false);
  useEffect(() => {
    let isGone = false;
    const draw = async () => {
      const picture = await createImageBitmap(await load());
      const place = canvas.current;
      if (isGone || !place) return;
      const dense = isWhole ? 1 : Math.min(devicePixelRatio, 2);
      place.width = isWhole ? picture.width : width * dense;
      place.height = isWhole ? picture.height : height * dense;
      const scale = Math.max(place.width / picture.width, place.height / picture.height);
      const [wide, high] = [picture.width * scale, picture.height * scale];
      place.getContext("2d")?.drawImage(picture, (place.width - wide) / 2, (place.height - high) / 2, wide, high);
      picture.close();
      setLoaded(true);
    };
    draw().catch((error: unknown) => isGone || onFail?.(error));
    return () => (isGone = true);
  }, []);
  const role = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true as const };
  return <canvas ref={canvas} {...role} data-loaded={isLoaded || undefined} width={width} height={height} style={isWhole ? undefined : { width: `${width}px`, height: `${height}px` }} />;
});
