import type { Route } from './route.js'

/** The route for a request; a `:name` in its path stands for one segment. */
export function found(routes: readonly Route[], method: string, path: string): Route | undefined {
  return routes.find((one) => one.method === method && fits(one.path, path))
}

/** All routes of a path, whatever the method. */
export function allowed(routes: readonly Route[], path: string): readonly Route[] {
  return routes.filter((one) => fits(one.path, path))
}

function fits(pattern: string, path: string): boolean {
  if (!pattern.includes(':')) return pattern === path
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => part.startsWith(':') || part === given[i])
  )
}
