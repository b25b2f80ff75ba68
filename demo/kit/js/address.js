// What the page's address says after its ?: the tab, the lesson, the picture, the model and the view.

/** @returns {string | null} */
export const asked = (name) => new URLSearchParams(location.search).get(name);

/**
 * Say it in the address, as a step that "back" takes back.
 * @param {Record<string, string | null>} changes  null leaves a name out
 * @param {{replace?: boolean, state?: object}} how  replace: as no step of its own;  state: to be found in history.state
 */
export function tell(changes, { replace = false, state = {} } = {}) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(changes))
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  const isSame = Object.entries(state).every(([name, value]) => history.state?.[name] === value);
  if (address.href === location.href && isSame) return;
  history[replace ? "replaceState" : "pushState"]({ ...history.state, ...state }, "", address);
}
