"""What do many calls say together that none says alone? Windows over the calls of a source, a publisher, an advertiser."""
