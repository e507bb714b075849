class_name RLTrace
extends RefCounted
## Records whole episodes, when a client asks: what stood where, what every agent did, and what came of it.

## The form of what is recorded, for readers of it.
const VERSION := 4

## Episodes with a smaller number are recorded,
var below := 0
## if they are multiples of this.
var every := 1
## Record observations, too.
var with_observations := false
## Record a fingerprint of every body, too.
var with_bodies := false

var _recordings: Dictionary[RLArenaCore, RLRecording] = {}
# Those of episodes that are recorded now.
var _running: Dictionary[RLArenaCore, RLRecording] = {}
var _finished: Array[Dictionary] = []


## `oracles` has the thresholds of the shipped ones that watch, by id; `scripts` are those from outside.
func _init(stages: Array[RLStage], oracles := {}, scripts: Array[GDScript] = []) -> void:
	for stage: RLStage in stages:
		for arena: RLArenaCore in stage.played_arenas():
			_recordings[arena] = RLRecording.new(arena, RLOracles.new(arena, oracles, scripts))


## An arena has begun an episode.
func begin(arena: RLArenaCore) -> void:
	_running.erase(arena)
	if arena.episode < below and arena.episode % every == 0:
		_running[arena] = _recordings[arena]
		_running[arena].begin(with_observations, with_bodies)


## A physics tick of all arenas is over.
func advance(delta: float) -> void:
	for recording: RLRecording in _running.values():
		recording.advance(delta)


## What each agent is about to do: `actions` are theirs, one after the other.
func note_actions(agents: Array[RLAgent], actions: PackedFloat32Array) -> void:
	if _running.is_empty():
		return
	var offset := 0
	for agent: RLAgent in agents:
		if agent.active and _running.has(agent.arena_core):
			_running[agent.arena_core].note_action(agent, actions.slice(offset, offset + agent.action_size))
		offset += agent.action_size


## What the roster's agents see when they decide next.
func note_observations(roster: RLRoster) -> void:
	if _running.is_empty():
		return
	for i: int in roster.agents.size():
		var agent := roster.agents[i]
		if agent.active and _running.has(agent.arena_core):
			_running[agent.arena_core].note_observation(agent, roster.observation_of(i))


## A decision of all arenas is over, and finished ones have not begun again.
func note_decision() -> void:
	for recording: RLRecording in _running.values():
		recording.note_decision()
		if recording.arena.is_finished():
			_finished.append(recording.to_dict())
			_running.erase(recording.arena)


## The recorded episodes that ended since the last call; with `unfinished`, also those that go on, as they stand.
func take(unfinished := false) -> Array[Dictionary]:
	var taken := _finished
	_finished = []
	if unfinished:
		for recording: RLRecording in _running.values():
			taken.append(recording.to_dict())
	return taken
