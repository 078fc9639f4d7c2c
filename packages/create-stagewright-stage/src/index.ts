export { createStage, FolderInUse, type NewStage, type Runner, runners } from './create-stage.js'
export { main, type Host } from './main.js'
export { BadName, type Names, namesFrom, takenNames } from './names.js'
