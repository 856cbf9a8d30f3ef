#include "caps.h"
int main(int argc, char **argv)
{
	return ktap_main(argc, argv);
}
