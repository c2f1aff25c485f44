// Styles without a style element: allowed on pages whose policy allows no style at all.

const worn = new WeakMap<ShadowRoot, Set<string>>();

export function dress(root: ShadowRoot, css: string): void {
  const known = worn.get(root) ?? new Set();
  if (known.has(css)) return;
  worn.set(root, known.add(css));
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: css })); // browsers before 2023
  }
}
