class_name RLSchedule
extends RefCounted
## What the arenas of a process play: the seed, which episode numbers, and the parameters set while running.

var seed_value := 0
var first_episode := 0
## Distance between the numbers of two successive episodes of one arena.
var stride := 1
## The tasks that are played in turn, by name; empty where there is only one.
var task_names: PackedStringArray = []
## How often each is drawn, beside the others.
var task_weights: PackedFloat32Array = []
## Reward terms that a run adds to the scene's own.
var reward_scripts: Array[RLRewardScript] = []
## What agents are paid for new places, as RLOptions has it.
var novelty: Dictionary = {}
## Measure what every episode costs, and report it.
var monitor := false
## Let the agents see what the game costs.
var observe_performance := false
## Let the agents pay for broken budgets.
var penalise_performance := false
## Ticks that every episode may take; 0 leaves it to the arena.
var max_ticks := 0
## Parameter values that arenas take over when their next episode begins.
var params: Dictionary = {}
## Grows with every change of `params`.
var revision := 0

var _rng := RandomNumberGenerator.new()


## Number of the `count`-th episode of an arena.
func episode_number(arena_index: int, count: int) -> int:
	return first_episode + arena_index + count * stride


## Seed of an episode's random generator: the same for (seed, episode) in whichever arena and process it is played.
func episode_seed(episode: int) -> int:
	return seed_of(seed_value, episode)


## The seed of an episode of a game with this seed.
static func seed_of(of_game: int, episode: int) -> int:
	return hash([of_game, episode])


## The number of an episode's task, drawn by weight from the seed and the episode's number alone.
func task_of(episode: int) -> int:
	if task_names.is_empty():
		return 0
	_rng.seed = hash([episode_seed(episode), RLTask.FIELD])
	return _rng.rand_weighted(task_weights)


## Set parameters for the episodes to come.
func set_params(values: Dictionary) -> void:
	params.merge(values, true)
	revision += 1
