// A vector as bars from its middle line, and another over it as ticks.

const GAP = 0.14; // of a bar's place, on either side

/**
 * @param {SVGElement} svg  whose classes .bars and .ticks say how they look
 * @param {ArrayLike<number>} bars
 * @param {ArrayLike<number>} ticks
 * @param {number} most  the value that reaches the edge
 */
export function drawBars(svg, bars, ticks, most) {
  const count = Math.max(bars.length, ticks.length, 1);
  const height = (value) => (-value / (most || 1)).toFixed(3);
  const wide = 1 - 2 * GAP;
  svg.setAttribute("viewBox", `0 -1.06 ${count} 2.12`);
  svg.innerHTML = '<path class="zero"/><path class="bars"/><path class="ticks"/>';
  const [zero, filled, lines] = svg.children;
  zero.setAttribute("d", `M0 0H${count}`);
  filled.setAttribute("d", Array.from(bars, (value, i) => `M${i + GAP} 0V${height(value)}h${wide}V0z`).join(""));
  lines.setAttribute("d", Array.from(ticks, (value, i) => `M${i} ${height(value)}h1`).join(""));
}
