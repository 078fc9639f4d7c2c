/** Three stages, each larger than the one before. */
const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#3451b2"><rect x="1" y="9" width="3" height="6"/><rect x="6" y="5" width="4" height="10"/><rect x="12" y="1" width="3" height="14"/></svg>'

/** In the page itself, so that it is found wherever the site is put. */
export const icon = `data:image/svg+xml,${encodeURIComponent(picture)}`
