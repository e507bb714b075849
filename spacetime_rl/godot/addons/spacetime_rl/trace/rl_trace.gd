class_name RLTrace
extends RefCounted
## Records whole episodes, when a client asks: what stood where, what every agent did, and what came of it.

## The form of what is recorded, for readers of it.
const VERSION := 5

## Episodes with a smaller number are recorded,
var below := 0
## if they are multiples of this.
var every := 1
## Record observations, too.
var with_observations := false
## Record a fingerprint of every body, too.
var with_bodies := false
## Leave out what the client knows, and give tables as they are instead of as text.
var short := false

# Of all arenas, in the global order.
var _agents: Array[RLAgent] = []
var _oracles := {}
var _scripts: Array[GDScript] = []
var _whole_recordings: Dictionary[RLArenaCore, RLRecording] = {}
var _short_recordings: Dictionary[RLArenaCore, RLRecording] = {}
# Those of episodes that are recorded now.
var _running: Dictionary[RLArenaCore, RLRecording] = {}
var _finished: Array[Dictionary] = []
# Some of the running ones are no short ones.
var _some_are_whole := false
# Those of finished short episodes.
var _tables := RLTables.new()


## `agents` are those of all arenas, in the global order. `oracles` has the thresholds of the shipped ones that watch,
## by id; `scripts` are those from outside.
func _init(agents: Array[RLAgent], oracles := {}, scripts: Array[GDScript] = []) -> void:
	_agents = agents
	_oracles = oracles
	_scripts = scripts


## An arena has begun an episode.
func begin(arena: RLArenaCore) -> void:
	_running.erase(arena)
	if arena.episode < below and arena.episode % every == 0:
		_running[arena] = _recording_of(arena)
		_running[arena].begin(self)
		_running[arena].oracles.begin()
	_some_are_whole = _running.values().any(func(one: RLRecording) -> bool: return one is RLWholeRecording)


## A physics tick of all arenas is over.
func advance(delta: float) -> void:
	if _oracles.is_empty() and _scripts.is_empty():
		return
	for recording: RLRecording in _running.values():
		recording.oracles.advance(delta)


## What each agent is about to do: `actions` are theirs, one after the other. The client knows those of its own
## controller, the `peer`.
func note_actions(agents: Array[RLAgent], actions: PackedFloat32Array, peer: bool) -> void:
	if _running.is_empty() or (peer and not _some_are_whole):
		return
	var offset := 0
	for agent: RLAgent in agents:
		if agent.active and _running.has(agent.arena_core):
			var recording := _running[agent.arena_core]
			if not (peer and recording is RLShortRecording):
				recording.note_action(agent, actions.slice(offset, offset + agent.action_size))
		offset += agent.action_size


## What the roster's agents see when they decide next.
func note_observations(roster: RLRoster) -> void:
	if not _some_are_whole:
		return
	for i: int in _agents.size():
		var agent := _agents[i]
		if agent.active and _running.has(agent.arena_core):
			_running[agent.arena_core].note_observation(agent, roster.observation_of(i))


## A decision of all arenas is over, and finished ones have not begun again.
func note_decision() -> void:
	for recording: RLRecording in _running.values():
		recording.oracles.note_decision()
		recording.note_decision()
		if recording.arena.is_finished():
			_finished.append(_describe(recording))
			_running.erase(recording.arena)


## The answer to a TRACE: the recorded episodes that ended since the last call; with `unfinished`, also those that go
## on, as they stand. It is JSON; if there are tables beside it, a zero byte and the JSON's length precede it.
func take(unfinished := false) -> PackedByteArray:
	var episodes := _finished
	if unfinished:
		for recording: RLRecording in _running.values():
			episodes.append(_describe(recording))
	var answer := JSON.stringify({"version": VERSION, "episodes": episodes}).to_utf8_buffer()
	if not _tables.bytes.is_empty():
		var head := PackedByteArray([0, 0, 0, 0, 0])
		head.encode_u32(1, answer.size())
		answer = head + answer + _tables.bytes
	_finished = []
	_tables = RLTables.new()
	return answer


## The place of an agent in the global order.
func place_of(agent: RLAgent) -> int:
	return _agents.find(agent)


func _describe(recording: RLRecording) -> Dictionary:
	var episode := recording.to_dict(_tables)
	if not recording.oracles.is_empty():
		episode["sightings"] = recording.oracles.sightings
	return episode


func _recording_of(arena: RLArenaCore) -> RLRecording:
	var known := _short_recordings if short else _whole_recordings
	if not known.has(arena):
		known[arena] = _make(arena)
	return known[arena]


func _make(arena: RLArenaCore) -> RLRecording:
	var oracles := RLOracles.new(arena, _oracles, _scripts)
	if short:
		return RLShortRecording.new(arena, oracles)
	return RLWholeRecording.new(arena, oracles)
