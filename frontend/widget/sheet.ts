// Styles without a style element: allowed on pages whose policy allows no style at all.

export function dress(root: ShadowRoot, css: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: css })); // browsers before 2023
  }
}
