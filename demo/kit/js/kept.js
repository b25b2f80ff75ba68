// What a person chose, kept in the browser. Where storage is forbidden nothing is kept, and nothing fails.

export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // as in a private window
  }
}
