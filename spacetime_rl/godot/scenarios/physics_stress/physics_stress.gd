class_name StressArena
extends RLArena
## A room that is filled with bodies: every frame is measured and paid, and what jitters is found.
##
## The bodies follow from the seed and the actions alone, and replay. Frame times do not: rewards and metrics that are
## of the wall clock begin with `performance/`; `success` follows from them, and differs from run to run, too.

const WALL_M := 7.0

@export var bodies: StressBodies
@export var tester: StressTester

var settings: StressParams
## Frames of this episode that took longer than the budget.
var over_budget := 0

var _jitter: JitterWatch
var _jitters := 0
var _warnings_then := 0


func _build() -> void:
	settings = params as StressParams
	StressRoom.build(self, settings.room_m, WALL_M)
	bodies.build(settings.most_bodies)
	tester.room = self
	tester.particles.amount = settings.particles
	_jitter = JitterWatch.new(bodies)
	core.cost = RLEpisodeCost.new(self)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	# One more than there are frames: the last frame ends the episode, not the limit.
	max_ticks = settings.frames + 1
	over_budget = 0
	_jitters = 0
	_warnings_then = WarningCounter.count()
	_jitter.clear()
	bodies.clear()
	tester.begin()
	bodies.drop(settings.first_bodies, settings.room_m / 2.0 - 1.0, rng)


func _tick(_delta: float) -> void:
	if not tester.agent.active:
		return
	_pay_frame()
	var found := _jitter.tick(settings.jitter_turns, settings.jitter_m)
	if found > 0:
		_jitters += found
		tester.agent.add_reward(&"jitter", _sign() * settings.reward_jitter * found)
	if ticks >= settings.frames:
		_finish()


## The tester has thrown the latest bodies, this many.
func note_throw(count: int) -> void:
	_jitter.excuse_latest(count)


func _landmarks() -> Dictionary[StringName, Vector3]:
	return {&"tester": tester.position}


# What a frame took is known when the next one begins; the first one of an episode is not.
func _pay_frame() -> void:
	if ticks == 1:
		return
	if RLMonitor.shared().physics_frame_time_ms > settings.budget_ms:
		over_budget += 1
		tester.agent.add_reward(&"performance/over_budget", _sign() * settings.reward_over_budget)
	else:
		tester.agent.add_reward(&"performance/in_budget", _sign() * settings.reward_in_budget)


func _finish() -> void:
	var warnings := WarningCounter.count() - _warnings_then
	var memory_mb: float = RLMonitor.shared().counts().get("static_memory_mb", 0.0)
	var sound := (
		over_budget <= settings.spare_frames
		and _jitters == 0
		and warnings == 0
		and memory_mb < RLMonitor.MEMORY_BUDGET_MB
	)
	tester.agent.set_metric(&"jitters", _jitters)
	tester.agent.set_metric(&"warnings", warnings)
	tester.agent.set_metric(&"bodies", bodies.used)
	tester.agent.end(sound == (settings.goal == "hold"))


func _sign() -> float:
	return 1.0 if settings.goal == "hold" else -1.0
