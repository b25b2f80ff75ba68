// Words as people read them.

export const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

export const capital = (text) => text[0].toUpperCase() + text.slice(1);
