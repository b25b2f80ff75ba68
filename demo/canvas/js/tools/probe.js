// Hold a token down, and the pixels that it reaches glow.

/** @type {import("./tool.js").Tool} */
export const probe = {
  name: "probe",
  holdKey: "x",
  cursor: "crosshair",
  label: "Probe",
  title: "What does this token do? Hold it down (or hold X over it)",
  help: "show what the token does",
  icon: '<rect x="9.500" y="9.500" width="5" height="5"/><path d="M12 3v2.500M12 18.500V21M3 12h2.500M18.500 12H21M5.600 5.600l1.800 1.800M16.600 16.600l1.800 1.800M5.600 18.400l1.800-1.800M16.600 7.400l1.800-1.800"/>',
  press({ bench, token }) {
    if (token) bench.probe.hold(token);
    return {};
  },
  release(_, { bench }) {
    bench.probe.release();
  },
  cancel(bench) {
    bench.probe.release();
  },
  hold(bench) {
    bench.probe.hold(bench.stage.hover ?? bench.cursor.token);
  },
  letGo(bench) {
    if (bench.probe.held) bench.probe.release();
  },
};
