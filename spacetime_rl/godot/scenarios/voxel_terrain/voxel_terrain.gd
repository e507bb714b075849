class_name VoxelArena
extends RLArena
## An endless terrain, and a player who is paid for what is slow about it.
##
## The terrain and the player follow from the seed and the actions alone, and replay, unless `chunk_race` is on. What is
## of the wall clock begins with `performance/`; `success` follows from it, and differs from run to run, too.

const FAR_M := 5000.0

@export var terrain: VoxelChunks
@export var player: TerrainPlayer

var settings: TerrainParams

var _slow_chunks := 0
var _new_slow_chunks := 0
var _most_chunks := 0
var _gaps := 0


func _build() -> void:
	settings = params as TerrainParams
	terrain.build(settings)
	terrain.chunk_made.connect(_on_chunk_made)
	player.settings = settings
	player.terrain = terrain
	player.agent.episode_ended.connect(_report)
	core.cost = RLEpisodeCost.new(self)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	var at := Vector3(roundf(rng.randf_range(-FAR_M, FAR_M)), 0.0, roundf(rng.randf_range(-FAR_M, FAR_M)))
	terrain.begin(rng.randi(), at)
	at.y = terrain.ground_at(at) + TerrainPlayer.ABOVE_M
	player.stand(at)
	_slow_chunks = 0
	_new_slow_chunks = 0
	_most_chunks = 0
	_gaps = 0


func _tick(_delta: float) -> void:
	if not player.agent.active:
		return
	terrain.tick(player.position)
	_most_chunks = maxi(_most_chunks, terrain.count())
	if ticks > 1 and RLMonitor.shared().physics_frame_time_ms > RLMonitor.FRAME_BUDGET_MS:
		player.agent.add_reward(&"performance/slow_frame", settings.reward_slow_frame)
	if _new_slow_chunks > 0:
		player.agent.add_reward(&"performance/slow_chunk", settings.reward_slow_chunk * _new_slow_chunks)
		_new_slow_chunks = 0
	if ticks >= max_ticks:
		player.agent.end(_slow_chunks > 0 and _most_chunks > settings.many_chunks)


func _end_decision() -> void:
	if not player.agent.active:
		return
	_gaps = maxi(_gaps, terrain.gaps())
	player.agent.add_reward(&"speed", settings.reward_speed * player.velocity.length())
	if terrain.count() > settings.many_chunks:
		player.agent.add_reward(&"many_chunks", settings.reward_many_chunks)


func _on_chunk_made(usec: int) -> void:
	if usec > RLMonitor.CHUNK_BUDGET_MS * 1e3:
		_slow_chunks += 1
		_new_slow_chunks += 1


func _report(_success: bool) -> void:
	player.agent.set_metric(&"most_chunks", _most_chunks)
	player.agent.set_metric(&"gaps", _gaps)
	player.agent.set_metric(&"performance/slow_chunks", _slow_chunks)
