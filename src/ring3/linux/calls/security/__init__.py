"""What programs give up for good (Landlock), and the calls about security modules."""
