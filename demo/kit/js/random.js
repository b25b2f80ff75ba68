// What is left to chance.

export const SEEDS = 2 ** 32;

export const newSeed = () => Math.floor(Math.random() * SEEDS);

// Fisher and Yates: the values in another order, each as likely as another.
export function shuffled(values) {
  const order = Array.from(values);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
