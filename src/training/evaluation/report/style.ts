/**
 * The report's look, in light and dark. Blue and orange stay apart with any kind of colour blindness (M. Okabe, K. Ito,
 * "Color universal design", 2008); lines differ by their dashes too.
 */
export const style = `
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --muted: #595959; --rule: #d6d6d6; --genuine: #0072b2; --impostor: #c44e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #17191c; --muted: #b0b0b0; --rule: #3d4045; --genuine: #56b4e9; --impostor: #e69f00; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 66rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; max-width: 44rem; }
.muted { color: var(--muted); }
.note { border-inline-start: 4px solid var(--impostor); padding-inline-start: .75rem; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
figure { margin: 0; }
figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--ink); }
svg .grid { stroke: var(--rule); fill: none; }
svg .mark { stroke: var(--ink); stroke-width: 1.5; }
svg .mark-1 { stroke-dasharray: 4 3; }
svg .genuine { stroke: var(--genuine); fill: var(--genuine); fill-opacity: .25; stroke-width: 1.5; }
svg .impostor { stroke: var(--impostor); fill: var(--impostor); fill-opacity: .2; stroke-width: 1.5; stroke-dasharray: 5 2; }
svg .line { fill: none; stroke-width: 2; }
.key { display: inline-block; width: 1.6rem; vertical-align: middle; border-top: 3px solid; margin-inline-end: .4rem; }
.key.genuine { border-color: var(--genuine); }
.key.impostor { border-color: var(--impostor); border-top-style: dashed; }
.legend > span { display: inline-block; margin-inline-end: 1.5rem; }
table { border-collapse: collapse; width: 100%; }
.scroll { overflow-x: auto; }
caption { text-align: start; color: var(--muted); }
th, td { text-align: start; vertical-align: top; padding: .4rem .9rem .4rem 0; border-top: 1px solid var(--rule); }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.face { display: flex; gap: .6rem; align-items: center; min-width: 9rem; }
.face img { width: 56px; height: 56px; object-fit: cover; border-radius: 6px; flex: none; background: var(--rule); }
.face span { overflow-wrap: anywhere; }
td small { display: block; color: var(--muted); }
@media (max-width: 40rem) {
  table { font-size: .85rem; }
  th, td { padding-inline-end: .5rem; }
  .face { flex-direction: column; align-items: start; gap: .2rem; min-width: 5.2rem; }
}
`;
