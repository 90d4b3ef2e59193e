#include "CPrefilter.h"
