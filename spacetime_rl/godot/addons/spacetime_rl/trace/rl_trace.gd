class_name RLTrace
extends RefCounted
## Records whole episodes for pictures, when a client asks: the arena's outline and every agent's way through it.


## An arena while one of its episodes is recorded.
class Recording:
	extends RefCounted
	var arena: RLArena
	var tracks: Array[RLTrack] = []
	var running := false
	var episode := {}

	func _init(of_arena: RLArena) -> void:
		arena = of_arena
		for agent: RLAgent in arena.agents:
			tracks.append(RLTrack.new(agent))

	## The arena's next episode begins.
	func begin() -> void:
		running = true
		episode = {
			"episode": arena.episode,
			"outline": RLOutline.of(arena),
			"landmarks": _landmarks(),
			"radii": arena._landmark_radii(),
		}
		for track: RLTrack in tracks:
			track.begin()

	## Everything there is to say about an episode that is over.
	func finish() -> Dictionary:
		running = false
		var agents: Array[Dictionary] = []
		for track: RLTrack in tracks:
			agents.append(track.to_dict())
		episode["agents"] = agents
		return episode

	func _landmarks() -> Dictionary:
		var found := {}
		var places := arena._landmarks()
		for landmark: StringName in places:
			var at := places[landmark] + arena._origin()
			found[String(landmark)] = [at.x, at.y, at.z]
		return found


## Episodes with a smaller number are recorded.
var below := 0

var _recordings: Dictionary[RLArena, Recording] = {}
var _finished: Array[Dictionary] = []


func _init(stages: Array[RLStage]) -> void:
	for stage: RLStage in stages:
		for arena: RLArena in stage.played_arenas():
			_recordings[arena] = Recording.new(arena)


## An arena has begun an episode.
func begin(arena: RLArena) -> void:
	_recordings[arena].running = false
	if arena.episode < below:
		_recordings[arena].begin()


## A decision of all arenas is over, and finished ones have not begun again.
func note_decision() -> void:
	for recording: Recording in _recordings.values():
		if not recording.running:
			continue
		for track: RLTrack in recording.tracks:
			track.note_decision()
		if recording.arena.is_finished():
			_finished.append(recording.finish())


## The recorded episodes that ended since the last call.
func take() -> Array[Dictionary]:
	var finished := _finished
	_finished = []
	return finished
