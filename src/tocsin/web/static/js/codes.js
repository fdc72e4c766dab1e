// Reads ticket codes in pictures. The reader is ours to serve: no code and no picture leaves the desk.
const FORMATS = ["qr_code", "code_128"];

export async function reader() {
  BarcodeDetectionAPI.prepareZXingModule({ overrides: { locateFile: (name) => `/static/vendor/${name}` } });
  return new BarcodeDetectionAPI.BarcodeDetector({ formats: FORMATS });
}

// Of a code only its own part is asked: where it was printed to lead to is of no matter here.
export const codeOf = (text) => (/^(?:https?:\/\/[^/]+\/t\/)?([0-9A-Za-z-]{6,64})$/.exec(text.trim()) ?? [])[1];
