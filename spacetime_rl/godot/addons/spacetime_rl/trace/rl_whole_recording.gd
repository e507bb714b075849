class_name RLWholeRecording
extends RLRecording
## An episode for a client that knows nothing of it: with actions, rewards, observations and the hashes themselves.

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


func _init(of_arena: RLArenaCore, watching: RLOracles) -> void:
	super(of_arena, watching)
	_state = arena.make_hash.call(arena)
	for agent: RLAgent in arena.agents:
		var track := RLTrack.new(agent)
		_tracks.append(track)
		_track_of[agent] = track


func begin(trace: RLTrace) -> void:
	_with_observations = trace.with_observations
	_with_bodies = trace.with_bodies
	_episode = surroundings()
	_hashes.clear()
	_parts.clear()
	_state.begin()
	_note_state()
	for track: RLTrack in _tracks:
		track.begin()


func note_observation(agent: RLAgent, observation: PackedFloat32Array) -> void:
	if _with_observations:
		_track_of[agent].note_observation(observation)


func note_action(agent: RLAgent, action: PackedFloat32Array) -> void:
	_track_of[agent].note_action(action)


func note_decision() -> void:
	_note_state()
	for track: RLTrack in _tracks:
		track.note_decision(_with_observations)


func to_dict(_tables: RLTables) -> Dictionary:
	var agents: Array[Dictionary] = []
	for track: RLTrack in _tracks:
		agents.append(track.to_dict(_with_observations))
	_episode["agents"] = agents
	_episode["hashes"] = Marshalls.raw_to_base64(_hashes.to_byte_array())
	if _with_bodies:
		_episode["parts"] = _state.part_names()
		_episode["part_hashes"] = Marshalls.raw_to_base64(PackedInt32Array(_parts).to_byte_array())
	return _episode


func _note_state() -> void:
	_hashes.append(_state.now_with_parts(_parts) if _with_bodies else _state.now())
