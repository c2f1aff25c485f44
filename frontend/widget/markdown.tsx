// Draws a message's Markdown as elements; nothing in it is ever read as HTML.

import { blocks, type Inline } from "../core/markdown";

export function Markdown({ text }: { text: string }) {
  return (
    <>
      {blocks(text).map((block, index) => {
        if (block.kind === "paragraph") return <p key={index}>{drawn(block.of)}</p>;
        const items = block.items.map((item, place) => <li key={place}>{drawn(item)}</li>);
        return block.isOrdered ? <ol key={index}>{items}</ol> : <ul key={index}>{items}</ul>;
      })}
    </>
  );
}

function drawn(parts: Inline[]) {
  return parts.map((part, index) => <Part key={index} part={part} />);
}

function Part({ part }: { part: Inline }) {
  if (part.kind === "text") return <>{part.text}</>;
  if (part.kind === "code") return <code>{part.text}</code>;
  if (part.kind === "strong") return <strong>{drawn(part.of)}</strong>;
  if (part.kind === "em") return <em>{drawn(part.of)}</em>;
  return <a href={part.href} target="_blank" rel="noopener noreferrer nofollow ugc">{drawn(part.of)}</a>;
}
