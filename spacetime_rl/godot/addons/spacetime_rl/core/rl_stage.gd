class_name RLStage
extends RefCounted
## A place where one episode after the other is played: by its only arena, or by the arena of each episode's task.
##
## The arenas of other tasks stand still meanwhile: nothing in them is processed, and their physics is not stepped.

## By the task's number; null where a task is not played.
var arenas: Array[RLArenaCore] = []
## The arena that plays.
var present: RLArenaCore

var _schedule: RLSchedule
var _played := 0
# For each arena its agents, in the order of the leading arena's.
var _casts: Dictionary[RLArenaCore, Array] = {}


## `of_arenas` are built; at least one of them is not null.
func _init(of_arenas: Array[RLArenaCore], schedule: RLSchedule) -> void:
	arenas = of_arenas
	_schedule = schedule
	present = lead()
	for arena: RLArenaCore in played_arenas():
		_casts[arena] = _cast(arena)
		if arenas.size() > 1:
			# A body that came back to its world would have another place in the solver's order.
			arena.space.keep_bodies(arena.root)
		if arena != present:
			_hold_still(arena)


## The arena that says which agents there are.
func lead() -> RLArenaCore:
	return played_arenas()[0]


## The arenas that there are.
func played_arenas() -> Array[RLArenaCore]:
	return arenas.filter(func(arena: RLArenaCore) -> bool: return arena != null)


## The agents of an arena that take the places of `lead().agents`, in their order. Fewer where they do not match.
func cast_of(arena: RLArenaCore) -> Array[RLAgent]:
	var cast: Array[RLAgent] = []
	cast.assign(_casts[arena])
	return cast


## For the bridge: number episodes from the schedule's first again.
func restart_count() -> void:
	_played = 0


## For the bridge: number episodes on from those of a place that this one replaces.
func continue_count(before: RLStage) -> void:
	_played = before._played


## For the roster: start the next episode. True if another arena plays it than before.
func begin_episode() -> bool:
	var episode := _schedule.episode_number(lead().index, _played)
	_played += 1
	var next := arenas[_schedule.task_of(episode)]
	var changed := next != present
	if changed:
		_hold_still(present)
		_let_go(next)
		present = next
	present.begin_episode(episode)
	return changed


# Policies of other names take the places of the leading arena's in order.
func _cast(arena: RLArenaCore) -> Array[RLAgent]:
	var theirs := _by_policy(arena)
	var ours := _by_policy(lead())
	var cast: Array[RLAgent] = []
	var taken: Dictionary[StringName, int] = {}
	var same_names := theirs.has_all(ours.keys())
	for agent: RLAgent in lead().agents:
		var policy := agent.policy_name if same_names else _at(theirs, ours.keys().find(agent.policy_name))
		var number: int = taken.get(agent.policy_name, 0)
		taken[agent.policy_name] = number + 1
		if theirs.has(policy) and number < theirs[policy].size():
			cast.append(theirs[policy][number] as RLAgent)
	return cast


func _at(of_policies: Dictionary[StringName, Array], place: int) -> StringName:
	return of_policies.keys()[place] if place < of_policies.size() else &""


func _by_policy(arena: RLArenaCore) -> Dictionary[StringName, Array]:
	var found: Dictionary[StringName, Array] = {}
	for agent: RLAgent in arena.agents:
		var members: Array = found.get_or_add(agent.policy_name, [])
		members.append(agent)
	return found


func _hold_still(arena: RLArenaCore) -> void:
	arena.root.process_mode = Node.PROCESS_MODE_DISABLED
	arena.space.step_world(arena.root, false)


func _let_go(arena: RLArenaCore) -> void:
	arena.space.step_world(arena.root, true)
	arena.root.process_mode = Node.PROCESS_MODE_INHERIT
