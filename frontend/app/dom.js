// Elements matching `selector` in `root` (or root itself) that `mark` has not handled yet.
export function once(root, selector, mark) {
  const scope = root.querySelectorAll ? root : document;
  const found = [...scope.querySelectorAll(selector)];
  if (scope.matches?.(selector)) found.push(scope);
  const key = `on${mark[0].toUpperCase()}${mark.slice(1)}`;
  const fresh = found.filter((element) => !element.dataset[key]);
  for (const element of fresh) element.dataset[key] = "1";
  return fresh;
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}
