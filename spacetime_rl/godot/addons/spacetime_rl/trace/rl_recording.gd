class_name RLRecording
extends RefCounted
## One arena's episode while it is recorded.

var arena: RLArenaCore

var _oracles: RLOracles
var _with_observations := false
var _with_bodies := false
var _tracks: Array[RLTrack] = []
var _track_of: Dictionary[RLAgent, RLTrack] = {}
var _state: RLStateHash
# Of the beginning and after every decision.
var _hashes := PackedInt64Array()
# At the same moments, that of each body.
var _parts: Array[int] = []
var _episode := {}


func _init(of_arena: RLArenaCore, oracles: RLOracles) -> void:
	arena = of_arena
	_oracles = oracles
	_state = arena.make_hash.call()
	for agent: RLAgent in arena.agents:
		var track := RLTrack.new(agent)
		_tracks.append(track)
		_track_of[agent] = track


## The arena's next episode has begun.
func begin(with_observations: bool, with_bodies: bool) -> void:
	_with_observations = with_observations
	_with_bodies = with_bodies
	_episode = {
		"episode": arena.episode,
		"outline": arena.space.outline_of(arena.root),
		"landmarks": _landmarks(),
		"unit": arena.space.unit(),
		"radii": arena.root.call(&"_landmark_radii"),
	}
	_hashes.clear()
	_parts.clear()
	_state.begin()
	_note_state()
	_oracles.begin()
	for track: RLTrack in _tracks:
		track.begin()


## A physics tick is over.
func advance(delta: float) -> void:
	_oracles.advance(delta)


## An active agent of the arena sees this.
func note_observation(agent: RLAgent, observation: PackedFloat32Array) -> void:
	if _with_observations:
		_track_of[agent].note_observation(observation)


## An active agent of the arena does this next.
func note_action(agent: RLAgent, action: PackedFloat32Array) -> void:
	_track_of[agent].note_action(action)


## A decision is over.
func note_decision() -> void:
	_oracles.note_decision()
	_note_state()
	for track: RLTrack in _tracks:
		track.note_decision(_with_observations)


## Everything there is to say about the episode so far, for JSON.
func to_dict() -> Dictionary:
	var agents: Array[Dictionary] = []
	for track: RLTrack in _tracks:
		agents.append(track.to_dict(_with_observations))
	_episode["agents"] = agents
	if not _oracles.is_empty():
		_episode["sightings"] = _oracles.sightings
	_episode["hashes"] = Marshalls.raw_to_base64(_hashes.to_byte_array())
	if _with_bodies:
		_episode["parts"] = _state.part_names()
		_episode["part_hashes"] = Marshalls.raw_to_base64(PackedInt32Array(_parts).to_byte_array())
	return _episode


func _note_state() -> void:
	_hashes.append(_state.now_with_parts(_parts) if _with_bodies else _state.now())


func _landmarks() -> Dictionary:
	var found := {}
	var places := arena.space.landmarks_of(arena.root)
	for landmark: StringName in places:
		var at := places[landmark]
		found[String(landmark)] = [at.x, at.y, at.z]
	return found
