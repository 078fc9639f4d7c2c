/** What a new stage is called, in each place that has rules of its own. */
export interface Names {
  /** The npm package: `@acme/film-grain`. */
  readonly package: string
  /** The folder that is made: `film-grain`. */
  readonly folder: string
  /** The stage and its section in a run file: `acme_film_grain`. */
  readonly stage: string
  /** The identifier in code: `acmeFilmGrain`. */
  readonly identifier: string
}

/** A name that cannot be used, and what to do. */
export class BadName extends Error {
  override readonly name = 'BadName'
}

/** Sections and keys of a run file that a stage cannot be called. A test compares them with the packages that own them. */
export const takenNames: readonly string[] = (
  'txt2img img2img refiner upscale adetailer enabled input_images placement sweep metadata preset ' +
  'additional_modules batch_size cfg_scale clip_skip distilled_cfg_scale height model n_iter negative_prompt ' +
  'override_settings prompt sampler_name scheduler seed steps styles subseed subseed_strength vae width'
).split(' ')

/** Names that follow from the name of a package, unless the stage is named by hand.
 *  @throws {BadName} naming the value and the remedy */
export function namesFrom(given: string, stageGiven?: string): Names {
  const match = packageForm.exec(given)
  if (match === null || given.length > 214)
    throw new BadName(
      `"${given}" is no name for an npm package: use lower-case letters, digits and hyphens, such as film-grain or @acme/film-grain`,
    )
  const [, owner, folder = ''] = match
  // What says that it is a stage of Stagewright says nothing in a run file.
  const bare = folder.replace(/^stagewright-(?:stage-|plugin-)?(?=.)/, '')
  const stage =
    stageGiven ??
    [owner, bare]
      .filter(Boolean)
      .join('-')
      .replaceAll(/[-._]+/g, '_')
  if (!stageForm.test(stage))
    throw new BadName(
      `"${stage}" is no name for a stage: use lower-case words that begin with a letter, joined by "_"; name it with --stage acme_film_grain`,
    )
  if (takenNames.includes(stage))
    throw new BadName(
      `"${stage}" is taken in run files: put your own name before it, with --stage acme_${stage}`,
    )
  const identifier = stage.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
  if (reservedWords.has(identifier))
    throw new BadName(`"${identifier}" is a word of JavaScript: name it with --stage acme_${stage}`)
  return { package: given, folder, stage, identifier }
}

const packageForm = /^(?:@([a-z0-9][a-z0-9-._]*)\/)?([a-z0-9][a-z0-9-._]*)$/
const stageForm = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/

const reservedWords = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally ' +
    'for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
)
