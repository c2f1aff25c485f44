// What Vite makes of files that are no TypeScript.

declare module "*.css?inline" {
  const css: string;
  export default css;
}

interface ImportMeta {
  glob<Found>(pattern: string, options: { eager: true; import: "default" }): Record<string, Found>;
}
