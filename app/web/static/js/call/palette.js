/** Which colours are in force? Reads them from the style sheet, and says when the theme changes. */

const NAMES = ["caller", "agent", "ink", "ink-3", "line", "line-strong", "surface", "surface-sunk", "accent", "medium", "critical", "high", "low", "info", "good"];

export function readPalette(element) {
  const style = getComputedStyle(element);
  const palette = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...palette, unknown: palette.accent, font: style.fontFamily };
}

export function onThemeChange(callback) {
  new MutationObserver(callback).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
}
