// The offline page: the page that was wanted comes as soon as the desk answers again.
async function look() {
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

setInterval(look, 3000 + Math.random() * 2000);
addEventListener("online", look);
