class_name BugArena
extends RLArena
## A room with a known bug. What the bug's oracle reports ends the episode, and is recorded with it.

## The oracle of each bug; that of the chunks is the room's own.
const ORACLES: Dictionary[String, String] = {
	"chunk_race": "chunk_race",
	"dash_through_wall": "tunnelled",
	"trapped_in_pillar": "inside_body",
	"speed_without_end": "not_finite",
	"dead_button": "dead_element",
}
## Half the length of a side, in metres.
const HALF := 6.0

@export var player: BugPlayer
@export var pillar: StaticBody3D
@export var wall: StaticBody3D
@export var panel: ButtonPanel
@export var drone: CharacterBody3D

var settings: BugParams
var chunks := ChunkFloor.new()

var _oracles: RLOracles
var _is_turning := false
var _paid := 0


func _build() -> void:
	settings = params as BugParams
	player.settings = settings
	player.panel = panel
	add_child(chunks)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	RLPhysics.reset_body(drone, Transform3D(Basis.IDENTITY, Vector3(4.0, 2.0, 4.0)))
	player.stand(Vector2(rng.randf_range(-4.5, -2.0), rng.randf_range(-4.5, 4.5)), rng.randf_range(-PI, PI))
	panel.begin()
	chunks.begin(player.position)
	_is_turning = false
	_paid = 0
	if _oracles == null:
		var wanted := {ORACLES[settings.bug]: {}} if ORACLES.has(settings.bug) else {}
		_oracles = RLOracles.new(core, wanted, [ChunkRaceOracle])
	_oracles.begin()


func _tick(delta: float) -> void:
	if not player.agent.active:
		return
	_pay_change()
	chunks.follow(player.position, ticks)
	_oracles.advance(delta)
	_end_if_seen()


func _end_decision() -> void:
	_oracles.note_decision()
	_end_if_seen()
	player.pose()


func _landmarks() -> Dictionary[StringName, Vector3]:
	return {&"pillar": pillar.position, &"button": panel.position}


func _end_if_seen() -> void:
	if player.agent.active and not _oracles.sightings.is_empty():
		player.agent.set_metric(&"reproduced_s", RLGameTime.seconds_in(ticks))
		player.agent.add_reward(&"reproduced", settings.reward_reproduced)
		player.agent.end(true)


func _pay_change() -> void:
	var turning := absf(player.yaw_rate) > settings.hard_turn_rad_s
	if turning and not _is_turning and _paid < settings.changes_paid:
		_paid += 1
		player.agent.add_reward(&"change", settings.reward_change)
		player.agent.set_metric(&"changes", _paid)
	_is_turning = turning
