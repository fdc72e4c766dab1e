// The siren of this tab: two tones in turn, made on the audio thread, so that a tab behind others keeps its rhythm.
const TONES_HZ = [670, 960];
const TURN_HZ = 1; // one turn of both tones a second
let context = null;
let voice = null;

export const armed = () => context?.state === "running";

// Makes this tab able to sound; a browser allows it only after a gesture. Source: WebAudio, AudioContext.resume.
export async function arm() {
  context ||= new AudioContext();
  context.onstatechange = () => document.dispatchEvent(new Event("desk:siren"));
  await Promise.race([context.resume(), new Promise((later) => setTimeout(later, 300))]);
  return armed();
}

export async function disarm() {
  hush();
  await context?.suspend();
}

export function sound(volume) {
  if (!armed()) return false;
  voice ||= build();
  voice.loudness.gain.setTargetAtTime(volume, context.currentTime, 0.02);
  return true;
}

export function hush() {
  if (!voice) return;
  const { loudness, parts } = voice;
  voice = null;
  loudness.gain.setTargetAtTime(0, context.currentTime, 0.02);
  for (const part of parts) part.stop(context.currentTime + 0.15);
}

function build() {
  const tone = new OscillatorNode(context, { type: "square", frequency: (TONES_HZ[0] + TONES_HZ[1]) / 2 });
  const turn = new OscillatorNode(context, { type: "square", frequency: TURN_HZ });
  const swing = new GainNode(context, { gain: (TONES_HZ[1] - TONES_HZ[0]) / 2 });
  const soft = new BiquadFilterNode(context, { type: "lowpass", frequency: 3200 });
  const loudness = new GainNode(context, { gain: 0 });
  turn.connect(swing).connect(tone.frequency);
  tone.connect(soft).connect(loudness).connect(context.destination);
  for (const part of [tone, turn]) part.start();
  return { loudness, parts: [tone, turn] };
}
