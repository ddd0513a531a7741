// Says so when the network is gone, so that nobody presses a button in vain.
export function watchOffline() {
  const hint = document.querySelector("[data-offline]");
  if (!hint) return;
  const show = () => {
    hint.hidden = navigator.onLine;
  };
  window.addEventListener("online", show);
  window.addEventListener("offline", show);
  show();
}
