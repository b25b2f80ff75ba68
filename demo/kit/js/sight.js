// @ts-check
// What comes into sight and leaves it.

/** hear: is told whether the element is in sight, now and at each change; margin: CSS pixels about the window that count as in sight. */
export function onSight(element, hear, margin = 0) {
  // A busy browser hands over several changes at once, the newest last.
  const observer = new IntersectionObserver((changes) => hear(changes.at(-1).isIntersecting), { rootMargin: `${margin}px` });
  observer.observe(element);
  return observer;
}

/** Run when the element is first in sight, and never again. */
export function onceSeen(element, run, margin = 0) {
  const observer = onSight(
    element,
    (seen) => {
      if (!seen) return;
      observer.disconnect();
      run();
    },
    margin,
  );
}
