/** The namespace of our property; the 1 is the packet's form, not the block's version. */
const namespace = 'https://github.com/stagewright/stagewright/picture/1/'
const noteNamespace = 'http://ns.adobe.com/xmp/note/'

/** The block's JSON in an XMP packet, in the form that this module writes or as other tools write it anew: an element
 *  or an attribute, under any prefix. */
export function xmpBlock(packet: string): string | undefined {
  const prefix = prefixOf(packet, namespace)
  if (prefix === undefined) return undefined
  const element = between(packet, `<${prefix}:block>`, `</${prefix}:block>`)
  if (element !== undefined) return unescaped(element)
  for (const quote of ['"', "'"]) {
    const attribute = between(packet, ` ${prefix}:block=${quote}`, quote)
    if (attribute !== undefined) return unescaped(attribute)
  }
  return undefined
}

/** The packet with `json` as its block in place of any other; what else it holds stays. Undefined when the packet has no
 *  place for it. */
export function withXmpBlock(packet: string | undefined, json: string): string | undefined {
  const own = `<rdf:Description rdf:about="" xmlns:rdf="${rdf}" xmlns:stagewright="${namespace}"><stagewright:block>${escaped(json)}</stagewright:block></rdf:Description>`
  return inserted(withoutXmpBlock(packet), own)
}

/** The packet without a block of the form that this module writes. */
export function withoutXmpBlock(packet: string | undefined): string | undefined {
  if (packet === undefined) return undefined
  const mark = packet.indexOf(` xmlns:stagewright="${namespace}"><stagewright:block>`)
  const from = mark < 0 ? -1 : packet.lastIndexOf('<rdf:Description', mark)
  const closing = '</rdf:Description>'
  const to = from < 0 ? -1 : packet.indexOf(closing, mark)
  return to < 0 ? packet : packet.slice(0, from) + packet.slice(to + closing.length)
}

/** The identity of the extension that a packet says it has. @source XMP part 3 §1.1.3.1 */
export function xmpExtension(packet: string): string | undefined {
  return /HasExtendedXMP(?:="|>)([0-9A-F]{32})/i.exec(packet)?.[1]?.toUpperCase()
}

/** The packet that says that it has an extension. */
export function withXmpExtension(packet: string | undefined, id: string): string | undefined {
  const note = `<rdf:Description rdf:about="" xmlns:rdf="${rdf}" xmlns:xmpNote="${noteNamespace}" xmpNote:HasExtendedXMP="${id}"/>`
  return inserted(packet, note)
}

/** The packet without the note that `withXmpExtension` has put there. */
export function withoutXmpExtension(packet: string): string {
  return packet.replace(
    /<rdf:Description rdf:about="" xmlns:rdf="[^"]*" xmlns:xmpNote="[^"]*" xmpNote:HasExtendedXMP="[0-9A-F]{32}"\/>/,
    '',
  )
}

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#'
const start = '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>'
const empty = `${start}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="${rdf}"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

function inserted(packet: string | undefined, description: string): string | undefined {
  const whole = packet ?? empty
  const at = whole.lastIndexOf('</rdf:RDF>')
  return at < 0 ? undefined : whole.slice(0, at) + description + whole.slice(at)
}

/** JSON that is ASCII and free of what XML reads as its own: both stand in strings alone, where JSON has escapes. */
function escaped(json: string): string {
  return json.replaceAll(
    /[<>&\u007f-\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const entities: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&apos;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&#34;': '"',
  '&#39;': "'",
}

function unescaped(text: string): string {
  return text.replaceAll(/&(?:quot|apos|lt|gt|amp|#34|#39);/g, (entity) => entities[entity] ?? '')
}

function prefixOf(packet: string, uri: string): string | undefined {
  const at = Math.max(packet.indexOf(`="${uri}"`), packet.indexOf(`='${uri}'`))
  if (at < 0) return undefined
  return /xmlns:([\w.-]{1,64})$/.exec(packet.slice(Math.max(0, at - 80), at))?.[1]
}

function between(text: string, open: string, close: string): string | undefined {
  const from = text.indexOf(open)
  const to = from < 0 ? -1 : text.indexOf(close, from + open.length)
  return to < 0 ? undefined : text.slice(from + open.length, to)
}
