// data-camera: the phone's camera reads ticket codes; what it reads goes into the form's field, which is sent.
import { codeOf, reader } from "./codes.js";
import "./photo.js";

const PAUSE_MS = 80;

// The ticket that is shown already lies before the camera still: it is not asked again and again.
async function look(video, form, shown) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  addEventListener("pagehide", stop, { once: true });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const detector = await reader();
  while (stream.active) {
    const found = (await detector.detect(video)).map((one) => codeOf(one.rawValue)).find((code) => code && code !== shown);
    if (found) {
      stop();
      navigator.vibrate?.(60);
      form.elements.code.value = found;
      form.requestSubmit();
      return;
    }
    await new Promise((go) => setTimeout(go, PAUSE_MS));
  }
}

for (const box of document.querySelectorAll("[data-camera]")) {
  const [button, video, said] = [box.querySelector("button"), box.querySelector("video"), box.querySelector("[data-said]")];
  const say = (why) => {
    said.textContent = box.dataset[why] ?? box.dataset.failed;
    said.hidden = false;
    video.hidden = true;
    button.hidden = !navigator.mediaDevices;
  };
  box.hidden = false;
  if (!navigator.mediaDevices) say("insecure");
  const begin = () => {
    button.hidden = said.hidden = true;
    sessionStorage.setItem("tocsin_camera", "1");
    look(video, box.closest("form"), codeOf(box.dataset.shown)).catch((fault) => say(fault.name === "NotAllowedError" ? "refused" : fault.name === "NotFoundError" ? "missing" : "failed"));
  };
  button.addEventListener("click", begin);
  // Ticket after ticket: who scans with the camera goes on with it.
  if (navigator.mediaDevices && sessionStorage.getItem("tocsin_camera") === "1" && box.dataset.shown) begin();
}
